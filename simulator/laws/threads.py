"""Where the troubles were seen: public reports, each of which one or more cases come from."""

__all__ = [
    "BANNED",
    "CANCELLING_FOR_EVER",
    "CANCEL_LOST_THE_RACE",
    "COUNTED_TWICE",
    "FILLED_BEFORE_ACKED",
    "FILLED_BEFORE_CREATED",
    "FILLS_NEVER_TOLD",
    "FILLS_REPLAYED",
    "ORDERED_AGAIN_AFTER_A_TIMEOUT",
    "POSITION_IGNORED",
    "RECONNECTING_IN_A_LOOP",
    "REPLY_AND_UPDATE_RACE",
    "SILENT_SOCKET",
    "STUCK_CANCEL",
    "TIMED_OUT_BUT_DONE",
    "UNKNOWN_ID",
]

FILLED_BEFORE_ACKED = "https://github.com/nkaz001/hftbacktest/issues/48"
FILLED_BEFORE_CREATED = "https://github.com/purefinance/mmb/pull/127"
REPLY_AND_UPDATE_RACE = "https://github.com/nautechsystems/nautilus_trader/pull/3436"
FILLS_NEVER_TOLD = "https://github.com/JKorf/Kraken.Net/issues/160"
TIMED_OUT_BUT_DONE = "https://github.com/ccxt/ccxt/issues/2599"
ORDERED_AGAIN_AFTER_A_TIMEOUT = "https://github.com/scrtlabs/catalyst/issues/317"
UNKNOWN_ID = "https://github.com/hummingbot/hummingbot/issues/4231"
CANCEL_LOST_THE_RACE = "https://github.com/enarjord/passivbot/issues/514"
CANCELLING_FOR_EVER = "https://github.com/hummingbot/hummingbot/issues/1993"
STUCK_CANCEL = "https://github.com/alpacahq/Alpaca-API/issues/111"
COUNTED_TWICE = "https://github.com/hummingbot/hummingbot/issues/2945"
FILLS_REPLAYED = "https://github.com/nautechsystems/nautilus_trader/issues/3046"
POSITION_IGNORED = "https://github.com/BYTEX-TRADE/bytex/issues/30"
SILENT_SOCKET = "https://github.com/bitfinexcom/bitfinex-api-node/issues/138"
BANNED = "https://github.com/hummingbot/hummingbot/issues/1291"
RECONNECTING_IN_A_LOOP = "https://github.com/bitrich-info/xchange-stream/issues/199"
