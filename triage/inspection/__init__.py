"""Whether an installation will work, and what to mend where it will not.

Each module looks at one side of it and changes nothing; what is shown, and how, is the command's.
"""

from triage.inspection.finding import Finding, Grade
from triage.inspection.rounds import inspect_installation

__all__ = ["Finding", "Grade", "inspect_installation"]
