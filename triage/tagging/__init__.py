"""Many rows in, their results out: what ``triage tag`` does, independent of where rows come from.

``tagger`` makes records of rows, ``pool`` does so on all cores, ``sources`` finds the files,
``run`` ties them together so that an interrupted run goes on where it was.
"""
