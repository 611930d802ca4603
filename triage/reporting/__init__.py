"""The report of tagged rows: counted as they stream by, told as figures, shown as one page."""
