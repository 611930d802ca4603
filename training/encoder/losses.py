"""What a step minimises: translations against the teacher, equal texts against near misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

if TYPE_CHECKING:
    from training.encoder.distil import Recipe


class Pairing(NamedTuple):
    """Which texts have an equal, which a near miss (positions), and each text's group."""

    equal: torch.Tensor
    missed: torch.Tensor
    groups: torch.Tensor

    def to(self, device: torch.device) -> Pairing:
        """Return the same on ``device``."""
        return Pairing(*(part.to(device) for part in self))


def translation_loss(
    student: torch.Tensor, aim: torch.Tensor, bank: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    """Return the loss of Chinese vectors (n, dim) against their teacher vectors (n, dim).

    Cosine distance places a text in the teacher's space; cross-entropy over the batch and the
    ``bank`` (m, dim) keeps it apart from the others. Texts that the teacher itself holds for the
    same as the aim are masked out.
    """
    others = torch.cat([aim, bank])
    same = aim @ others.T > recipe.same_text
    same[:, : len(aim)].fill_diagonal_(fill_value=False)
    logits = (student @ others.T / recipe.temperature).masked_fill(same, -1e4)
    own = torch.arange(len(aim), device=aim.device)
    distance = 1 - (student * aim).sum(dim=1).mean()
    return recipe.cosine * distance + nn.functional.cross_entropy(logits, own)


def contrast_loss(
    left: torch.Tensor, right: torch.Tensor, unlike: torch.Tensor, pairs: Pairing, recipe: Recipe
) -> torch.Tensor:
    """Return the loss of texts against texts that mean the same and near misses.

    Cross-entropy both ways: a text finds its equal among those of other groups and all near
    misses (van den Oord et al. 2018, arXiv:1807.03748). Ranking: every two equals of the batch
    are nearer than any text and its near miss, so that one threshold serves all texts (CoSENT,
    Su 2022, https://kexue.fm/archives/8847).

    Args:
        left: vectors of n texts, shape (n, dim).
        right: vectors of the p texts that equal ``left[pairs.equal]``.
        unlike: vectors of the m near misses of ``left[pairs.missed]``.
        pairs: which text belongs to which, and each text's group.
        recipe: temperature, and the ranking's weight.
    """
    loss = 0 * left.sum()
    if len(right):
        anchor, group = left[pairs.equal], pairs.groups[pairs.equal]
        same = (group[:, None] == group).fill_diagonal_(fill_value=False)
        own = torch.arange(len(right), device=left.device)
        for one, other in ((anchor, right), (right, anchor)):
            logits = (one @ other.T / recipe.temperature).masked_fill(same, -1e4)
            beside = torch.cat([logits, one @ unlike.T / recipe.temperature], dim=1)
            loss = loss + nn.functional.cross_entropy(beside, own) / 2
    if len(right) and len(unlike):
        near = (left[pairs.equal] * right).sum(1) / recipe.temperature
        far = (left[pairs.missed] * unlike).sum(1) / recipe.temperature
        excess = (far[:, None] - near).flatten()
        ranked = torch.logsumexp(torch.cat([excess.new_zeros(1), excess]), dim=0)
        loss = loss + recipe.ranking * ranked
    return loss
