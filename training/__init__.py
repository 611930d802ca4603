"""Making models: labelled tickets in, a calibrated, measured, signed bundle out."""
