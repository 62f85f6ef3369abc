"""The three networks: shapes, variable length, masking, attention that varies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ecgviewer.models.networks.network import Network, build_network

STEM = {"stem": True, "hidden_share": 0.3, "latent": 8, "hidden": 16}
FORMS = [
    ("cae", {}),
    ("cae", {"bottleneck": 4}),
    ("vae-bilstm", {"latent": 8, "hidden": 16}),
    ("vae-bilstm", {**STEM, "steps": "each"}),
    ("vae-bilstm-mha", {"latent": 8, "hidden": 16}),
    ("vae-bilstm-mha", STEM),
]


def make(architecture: str, hyper: dict[str, object]) -> Network:
    torch.manual_seed(1)
    return build_network(architecture, hyper).eval()  # type: ignore[arg-type]


def waves(n: int, batch: int = 2) -> torch.Tensor:
    t = np.arange(n) / 100
    beats = np.exp(-(((t % 0.8) - 0.3) ** 2) / 0.0005)
    leads = np.linspace(-1, 2, 12)[:, None] * beats
    rng = np.random.default_rng(0)
    x = leads + 0.05 * rng.standard_normal((batch, 12, n))
    return torch.from_numpy(x.astype(np.float32))


@pytest.mark.parametrize(("architecture", "hyper"), FORMS)
@pytest.mark.parametrize("n", [1000, 500, 257])
def test_any_length_is_restored_whole(architecture: str, hyper: dict, n: int) -> None:
    outputs = make(architecture, hyper).infer(waves(n), torch.ones(2, 12))
    assert len(outputs) == 2
    for output in outputs:
        assert output.mean.shape == (12, n)
        assert np.isfinite(output.mean).all()
        assert np.isfinite(output.raw_score)
        assert output.latent.ndim == 1
        assert (output.log_var is None) == (architecture == "cae")
        assert (output.saliency is None) == (architecture != "cae")
        assert (output.attention is None) == (architecture != "vae-bilstm-mha")


@pytest.mark.parametrize("hyper", [FORMS[4][1], FORMS[5][1]])
def test_attention_received_varies_over_leads_and_time(hyper: dict) -> None:
    attention = make("vae-bilstm-mha", hyper).infer(waves(500), torch.ones(2, 12))[0].attention
    assert attention is not None
    assert attention.mean() == pytest.approx(1.0, abs=0.05)
    assert attention.std() > 0.01
    assert attention.mean(axis=1).std() > 1e-3, "the same for every lead"
    assert attention.mean(axis=0).std() > 1e-3, "the same at every moment"


def test_hidden_samples_are_predicted_without_seeing_them() -> None:
    """Changing a hidden block changes nothing inside it (it cannot have been copied)."""
    network = make(*FORMS[5])
    x = waves(1000, 1)
    changed = x.clone()
    changed[..., 400:420] += 3.0  # one block of 20
    before = network.infer(x, torch.ones(1, 12))[0].mean
    after = network.infer(changed, torch.ones(1, 12))[0].mean
    np.testing.assert_allclose(after[:, 400:420], before[:, 400:420], atol=1e-5)
    assert np.abs(after - before).max() > 1e-4, "its context does see it"


@pytest.mark.parametrize(("architecture", "hyper"), FORMS)
def test_masked_leads_have_no_influence(architecture: str, hyper: dict) -> None:
    network = make(architecture, hyper)
    x = waves(500, 1)
    valid = torch.ones(1, 12)
    valid[0, 5] = 0
    garbage = x.clone()
    garbage[0, 5] = 1e3
    a, b = network.infer(x, valid)[0], network.infer(garbage, valid)[0]
    np.testing.assert_allclose(a.mean, b.mean, atol=1e-5)
    assert a.raw_score == pytest.approx(b.raw_score, rel=1e-5)


@pytest.mark.parametrize(("architecture", "hyper"), FORMS)
def test_batch_size_does_not_matter(architecture: str, hyper: dict) -> None:
    network = make(architecture, hyper)
    x = waves(500, 5)
    together = network.infer(x, torch.ones(5, 12))
    for i, output in enumerate(together):
        alone = network.infer(x[i : i + 1], torch.ones(1, 12))[0]
        np.testing.assert_allclose(output.mean, alone.mean, atol=1e-5)
        assert output.raw_score == pytest.approx(alone.raw_score, rel=1e-4)


def test_masks_cover_every_sample_once() -> None:
    network = make(*FORMS[3])
    assert (network.complementary_hidden(997).sum(axis=0) == 1).all()
    share = np.mean(
        [network.random_hidden(1000, np.random.default_rng(i)).mean() for i in range(50)]
    )
    assert share == pytest.approx(0.3, abs=0.02)


def test_unknown_architecture_or_hyperparameter_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown architecture"):
        build_network("transformer", {})
    with pytest.raises(ValueError, match="no hyperparameter"):
        build_network("cae", {"width": 3})


def test_the_raw_score_is_the_papers() -> None:
    """CAE: mean squared error. MHA: attention-weighted error plus weighted KL, per sample."""
    x, valid = waves(500, 1), torch.ones(1, 12, 500)
    cae = make("cae", {})
    with torch.no_grad():
        restored = cae.restore_all(x, valid)
    expected = float(((restored.mean - x) ** 2).mean())
    assert cae.infer(x, valid)[0].raw_score == pytest.approx(expected, rel=1e-5)
    mha = make("vae-bilstm-mha", {"latent": 8, "hidden": 16, "beta": 0.01})
    with torch.no_grad():
        result = mha.restore_all(x, valid)
    assert result.error_weight is not None
    assert result.latent_log_var is not None
    weight = result.error_weight
    kl = 0.5 * (result.latent**2 + result.latent_log_var.exp() - 1 - result.latent_log_var).sum()
    error = ((result.mean - x) ** 2 * weight).sum() / weight.sum()
    expected = float(error + kl / (12 * 500))
    assert mha.infer(x, valid)[0].raw_score == pytest.approx(expected, rel=1e-4)
