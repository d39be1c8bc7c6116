"""docs/configuration.md says what the schema and conf/ say."""

from dataclasses import fields

from app.config.schema import Lv3Config
from scripts import make_configuration_docs as docs
from tests.config.test_conf import OPTIONS


def test_the_page_is_not_stale():
    assert docs.main(["--check"]) == 0, "run scripts/make_configuration_docs.py"


def test_every_key_and_option_is_in_it():
    page = docs.page()
    assert [item.name for item in fields(Lv3Config) if f"\n| `{item.name}` |" not in page] == []
    assert [option for option in OPTIONS if f"**`{option[0]}={option[1]}`**" not in page] == []


def test_defaults_are_marked():
    assert "**`sky=default`** (default)" in docs.page()
    assert "**`crds=pinned`** (default)" in docs.page()


def test_a_stale_page_is_noticed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(docs, "PAGE", tmp_path / "configuration.md")
    assert docs.main(["--check"]) == 1
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    (tmp_path / "configuration.md").write_text(docs.page().replace("F770W", "F771W", 1))
    assert docs.main(["--check"]) == 1
    assert "is stale" in capsys.readouterr().err
