"""The Gaussian likelihood, by hand."""

import math

import pytest
import torch

from spectramind.models.likelihood import gaussian_nll


def test_by_hand() -> None:
    nll = gaussian_nll(
        torch.tensor([[0.010, 0.012]]),
        torch.tensor([[1e-4, 2e-4]]),
        torch.tensor([[0.0102, 0.012]]),
        torch.tensor([3.0, 1.0]),
    )
    first = 0.5 * 4 + math.log(1e-4) + 0.5 * math.log(2 * math.pi)
    second = math.log(2e-4) + 0.5 * math.log(2 * math.pi)
    assert nll.tolist() == pytest.approx([(3 * first + second) / 4], rel=1e-5)


def test_equals_torch_distributions() -> None:
    mu, y = torch.randn(5, 283), torch.randn(5, 283)
    sigma = torch.rand(5, 283) + 0.1
    expected = -torch.distributions.Normal(mu, sigma).log_prob(y).mean(1)
    torch.testing.assert_close(gaussian_nll(mu, sigma, y, torch.ones(283)), expected)


def test_weights_are_relative_and_zero_removes_a_bin() -> None:
    mu, sigma, y = torch.randn(2, 283), torch.ones(2, 283), torch.randn(2, 283)
    weight = torch.rand(283)
    weight[5] = 0.0
    reference = gaussian_nll(mu, sigma, y, weight)
    torch.testing.assert_close(gaussian_nll(mu, sigma, y, 7 * weight), reference)
    y[:, 5] += 100.0
    torch.testing.assert_close(gaussian_nll(mu, sigma, y, weight), reference)


def test_best_sigma_is_the_error() -> None:
    sigma = torch.tensor([[3e-4]], requires_grad=True)
    mu = torch.tensor([[0.01]], requires_grad=True)
    gaussian_nll(mu, sigma, torch.tensor([[0.0103]]), torch.ones(1)).sum().backward()
    assert abs(sigma.grad.item()) * 3e-4 < 1e-3
    assert mu.grad.item() == pytest.approx(-1 / 3e-4, rel=1e-3)
