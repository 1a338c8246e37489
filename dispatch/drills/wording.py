"""What drawn entries say, in two languages, and how orders are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dispatch.briefing.contents import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "zh"]

ENGLISH = {
    "caller": "caller",
    "centre": "command centre",
    "crew": "crew",
    "street": "police",
    "water": "water works",
    "technicians": "technicians",
    "controllers": "control group",
    "objective_calls": "Every call gets its units, sent and on scene in time.",
    "objective_cover": "The district stays covered while units are committed or fail.",
    "call": "{what}. Where: {where}.",
    "unit": "{unit} is out of service and cannot be sent.",
    "hydrants": "The hydrants of {where} are dry.",
    "road": "The road {road} near {where} is closed.",
    "comms": "Communications are down: calls are taken {seconds:.0f} s later until further notice.",
    "sent": "{count} × {capability} sent.",
    "on_scene": "{count} × {capability} on scene.",
    "unit_expected": "The failure is told on, and another unit takes its place.",
    "hydrants_expected": "Crews are told, and water is brought from elsewhere.",
    "road_expected": "Crews are told, and led round it.",
    "comms_expected": "Other means are used, and everybody is told.",
    "cover": "Say which units are left for the rest of the district.",
    "cover_expected": "The cover that is left is told, and somebody sees to its gaps.",
    "by_plan": " Plan: {plan}, level {level}.",
    "level": "Alarm level {level}.",
    "control": "Under control.",
    "asked": "Help is asked for under {agreement}.",
    "delivered": "{amount} of {item} delivered.",
}

CHINESE = {
    "caller": "报警人",
    "centre": "指挥中心",
    "crew": "车组",
    "street": "交警",
    "water": "供水单位",
    "technicians": "通信保障",
    "controllers": "导调组",
    "objective_calls": "每起警情按时派出力量并到场。",
    "objective_cover": "力量投入或停用期间，辖区保持覆盖。",
    "call": "{what}，地点：{where}。",
    "unit": "{unit} 故障停用，无法出动。",
    "hydrants": "{where} 消火栓无水。",
    "road": "{where} 附近道路 {road} 封闭。",
    "comms": "通信中断，接处警延后 {seconds:.0f} 秒，恢复时间另行通知。",
    "sent": "{count} × {capability} 出动。",
    "on_scene": "{count} × {capability} 到场。",
    "unit_expected": "通报故障，派其他车辆替补。",
    "hydrants_expected": "通报车组，另行组织供水。",
    "road_expected": "通报车组，引导绕行。",
    "comms_expected": "启用备用通信并通报各方。",
    "cover": "请说明辖区剩余力量。",
    "cover_expected": "报告剩余覆盖，落实补位。",
    "by_plan": "预案：{plan}，{level} 级。",
    "level": "火警等级升至 {level} 级。",
    "control": "得到控制。",
    "asked": "按协议请求增援：{agreement}。",
    "delivered": "{amount} {item} 送达。",
}

WORDS: dict[Language, dict[str, str]] = {"en": ENGLISH, "zh": CHINESE}
"""Templates by language and what they are for."""

ORDERS = {
    "recall": Said("recall {unit}"),
    "stage": Said("stage {unit} for {incident} at {node}"),
    "ask": Said("ask {agreement} for {incident}, units: {units}"),
    "level": Said("raise {incident} to {level}"),
    "supply": Said("supply {amount} {item} to {incident}"),
    "order": Said("send {unit} to {incident}"),
}
"""How orders are told, by kind."""

FULLER = {
    ("recall", "replace"): Said("recall {unit}, to be replaced"),
    ("supply", "depot"): Said("supply {amount} {item} to {incident} from {depot}"),
    ("order", "station"): Said("move {unit} to {station}"),
}
"""How they are told where something more is said."""


def ordered(kind: str, body: Mapping[str, Any]) -> Said:
    """Return an order in words, from its kind and what it says."""
    fuller = [said for (one, key), said in FULLER.items() if one == kind and body.get(key)]
    shown = {key: str(value) for key, value in body.items()}
    return Said((fuller or [ORDERS[kind]])[0].text, {"units": "1", **shown})
