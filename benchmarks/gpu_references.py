"""The definitions that ``gpu_checks.py`` compares with: slow and plain."""

import torch
import torch.nn.functional as F
from torch import Tensor

from spectramind.models.gat import GATv2

_SLOPE = 0.2  # of GATv2's LeakyReLU


def sequential_scan(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """S_t = exp(dt_t A) S_(t-1) + dt_t B_t x_t^T, y_t = S_t^T C_t + D x_t, step by step.

    x: (b, l, h, p). dt: (b, l, h). A, D: (h,). B, C: (b, l, 1, n).
    """
    state = x.new_zeros(x.shape[0], x.shape[2], B.shape[-1], x.shape[-1])
    out = []
    for t in range(x.shape[1]):
        decay = (dt[:, t] * A).exp()[..., None, None]
        state = decay * state + B[:, t, :, :, None] * (dt[:, t, :, None] * x[:, t])[:, :, None]
        out.append((state * C[:, t, :, :, None]).sum(2) + D[:, None] * x[:, t])
    return torch.stack(out, dim=1)


def dense_attention(
    layer: GATv2, nodes: Tensor, source: Tensor, target: Tensor, edges: Tensor
) -> Tensor:
    """GATv2 as a softmax over all pairs of nodes, those without an edge left out.

    nodes: (N, B, d_in). source, target: (E,). edges: (E, features). Returns (N, B, d_out).
    """
    count = nodes.shape[0]
    mask = torch.zeros(count, count, dtype=torch.bool, device=nodes.device)
    mask[target, source] = True
    pair = edges.new_zeros(count, count, edges.shape[1])
    pair[target, source] = edges
    from_edge = layer.lin_edge(pair)  # target, source, D
    answers = []
    for planet in range(nodes.shape[1]):
        left, right = layer.lin_l(nodes[:, planet]), layer.lin_r(nodes[:, planet])
        joint = F.leaky_relu(left.unsqueeze(0) + right.unsqueeze(1) + from_edge, _SLOPE)
        heads = joint.view(count, count, layer.heads, layer.width)
        logits = (heads * layer.att).sum(-1).masked_fill(~mask.unsqueeze(-1), -torch.inf)
        weight = logits.softmax(dim=1)
        split = left.view(count, layer.heads, layer.width)
        answers.append(torch.einsum("tsh,shw->thw", weight, split).flatten(1) + layer.bias)
    return torch.stack(answers, dim=1)
