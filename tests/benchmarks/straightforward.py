"""The service that one would write first: encode, classify and search, for each request by itself.

``uvicorn tests.benchmarks.straightforward:app``; the folder of the encoder in BENCH_ENCODER, texts
to fit a classifier on in BENCH_TEXTS (JSON lines with text and category).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression

ROWS = 600

app = FastAPI()
model = SentenceTransformer(os.environ["BENCH_ENCODER"], local_files_only=True)
_lines = Path(os.environ["BENCH_TEXTS"]).read_text(encoding="utf-8").splitlines()[:ROWS]
rows = [json.loads(line) for line in _lines]
vectors = np.asarray(model.encode([r["text"] for r in rows], normalize_embeddings=True), np.float32)
classifier = LogisticRegression(max_iter=200).fit(vectors, [r["category"] for r in rows])
index = faiss.IndexFlatIP(vectors.shape[1])
index.add(vectors)


class Incoming(BaseModel):
    """One message."""

    text: str


@app.post("/v1/triage")
def triage(message: Incoming) -> dict[str, Any]:
    """Answer with a category and the nearest texts; FastAPI runs it in a thread of its pool."""
    vector = np.asarray(model.encode([message.text], normalize_embeddings=True), np.float32)
    shares = classifier.predict_proba(vector)[0]
    cosines, places = index.search(vector, 3)
    best = int(shares.argmax())
    return {
        "category": {"label": str(classifier.classes_[best]), "confidence": float(shares[best])},
        "suggestions": [
            {"text": rows[place]["text"], "similarity": float(cosine)}
            for cosine, place in zip(cosines[0], places[0], strict=True)
        ],
    }


@app.get("/health/ready")
def ready() -> dict[str, str]:
    """Answer once the model is loaded."""
    return {"status": "ready"}
