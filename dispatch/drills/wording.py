"""What drawn entries say, in two languages."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]

ENGLISH = {
    "caller": "caller",
    "centre": "command centre",
    "crew": "crew",
    "street": "police",
    "water": "water works",
    "technicians": "technicians",
    "call": "{what}. Where: {where}.",
    "unit": "{unit} is out of service and cannot be sent.",
    "hydrants": "The hydrants of {where} are dry.",
    "road": "The road {road} near {where} is closed.",
    "comms": "Communications are down: calls are taken {seconds:.0f} s later until further notice.",
    "on_scene": "{count} × {capability} on scene.",
    "by_plan": "Plan: {plan}, level {level}.",
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
    "call": "{what}，地点：{where}。",
    "unit": "{unit} 故障停用，无法出动。",
    "hydrants": "{where} 消火栓无水。",
    "road": "{where} 附近道路 {road} 封闭。",
    "comms": "通信中断，接处警延后 {seconds:.0f} 秒，恢复时间另行通知。",
    "on_scene": "{count} × {capability} 到场。",
    "by_plan": "预案：{plan}，{level} 级。",
    "level": "火警等级升至 {level} 级。",
    "control": "得到控制。",
    "asked": "按协议请求增援：{agreement}。",
    "delivered": "{amount} {item} 送达。",
}

WORDS: dict[Language, dict[str, str]] = {"en": ENGLISH, "zh": CHINESE}
"""Templates by language and what they are for."""
