"""Queries as people type them, and what must come first."""

import tomllib
from importlib.resources import files

import pytest
from pypinyin import Style, lazy_pinyin
from xianban_plugin_parking_gazetteer.plugin import register_geocoder

(GEOCODER,) = register_geocoder()


def names(query: str, limit: int = 3) -> list[str]:
    return [place.names["zh-CN"] for place in GEOCODER.find(query, limit)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("南桥", "南桥镇"),
        ("奉浦", "奉浦街道"),
        ("fengpu", "奉浦街道"),
        ("Feng Pu", "奉浦街道"),
        ("奉贤中心医院", "奉贤区中心医院"),
        ("奉贤中心医完", "奉贤区中心医院"),
        ("central hospital", "奉贤区中心医院"),
        ("南桥汽车站", "南桥汽车站"),
        ("nanqiaoqichezhan", "南桥汽车站"),
        ("nanqiao qiche zhn", "南桥汽车站"),
        ("nqqcz", "南桥汽车站"),
        ("奉浦大道地铁站", "奉浦大道地铁站"),
        ("奉浦大道", "奉浦大道地铁站"),
        ("金海湖", "金海湖"),
        ("jinhai laek", "金海湖"),
        ("上海之鱼", "金海湖"),
        ("上海海湾", "上海海湾国家森林公园"),
        ("haiwan", "上海海湾国家森林公园"),
        ("jiukeshu", "九棵树未来艺术中心"),
        ("Fengxian Musuem", "奉贤博物馆"),
        ("ｂａｉｌｉａｎ", "百联南桥购物中心"),
        ("区政府", "奉贤区人民政府"),
    ],
)
def test_the_place_meant_comes_first(query: str, first: str) -> None:
    assert names(query)[:1] == [first]


@pytest.mark.parametrize("query", ["", "  ", "!!!", "q", "北京故宫", "zzzzzz", "xx" * 10_000])
def test_nothing_is_found_for_what_is_not_here(query: str) -> None:
    assert names(query) == []


def test_the_limit_holds_and_every_place_has_both_names_and_lies_in_fengxian() -> None:
    assert len(GEOCODER.find("feng", 2)) == 2
    assert GEOCODER.find("feng", 0) == []
    for place in GEOCODER.find("feng", 100):
        assert set(place.names) == {"zh-CN", "en"}
        assert 30.7 < place.latitude < 31.1
        assert 121.3 < place.longitude < 121.8


def test_every_spelling_is_the_one_that_pypinyin_makes() -> None:
    source = files("xianban_plugin_parking_gazetteer").joinpath("places.toml")
    for place in tomllib.loads(source.read_text("utf-8"))["place"]:
        names = [name for name in (place["zh"], *place["also"]) if not name.isascii()]
        assert place["pinyin"] == ["".join(lazy_pinyin(name)) for name in names]
        first = [lazy_pinyin(name, style=Style.FIRST_LETTER) for name in names]
        assert place["initials"] == ["".join(letters) for letters in first]
