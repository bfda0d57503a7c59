"""Where the troubles were seen: public reports, each of which one or more cases come from."""

__all__ = [
    "BANNED",
    "CANCELLING_FOR_EVER",
    "CANCELS_OF_WHICH_ONE_FAILS",
    "CANCEL_LOST_THE_RACE",
    "CLOCKS_APART",
    "COUNTED_TWICE",
    "FILLED_BEFORE_ACKED",
    "FILLED_BEFORE_CREATED",
    "FILLS_NEVER_TOLD",
    "FILLS_REPLAYED",
    "FILLS_REPLAYED_AFTER_THE_END",
    "FILLS_SKIPPED_BY_TIME",
    "FILL_TIMES_OUT_OF_ORDER",
    "GONE_WITH_THE_LINE",
    "NOT_BACK_AFTER_MAINTENANCE",
    "ORDERED_AGAIN_AFTER_A_TIMEOUT",
    "POSITION_IGNORED",
    "REASONS_OF_TWO_KINDS",
    "RECONNECTING_IN_A_LOOP",
    "REPLY_AND_UPDATE_RACE",
    "SILENT_SOCKET",
    "SNAPSHOT_OF_ALL_ORDERS",
    "STUCK_CANCEL",
    "TIMED_OUT_BUT_DONE",
    "UNKNOWN_ID",
    "UNKNOWN_REASON",
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
CLOCKS_APART = "https://github.com/hummingbot/hummingbot/issues/1388"
FILLS_SKIPPED_BY_TIME = "https://github.com/ccxt/ccxt/pull/9409"
FILL_TIMES_OUT_OF_ORDER = "https://github.com/alpacahq/Alpaca-API/issues/170"
SNAPSHOT_OF_ALL_ORDERS = "https://github.com/QuantConnect/Lean.Brokerages.TradeStation/pull/95"
FILLS_REPLAYED_AFTER_THE_END = "https://github.com/QuantConnect/Lean.Brokerages.Alpaca/pull/61"
CANCELS_OF_WHICH_ONE_FAILS = "https://github.com/JKorf/BingX.Net/issues/25"
GONE_WITH_THE_LINE = "https://github.com/bitfinexcom/bitfinex-api-node/issues/247"
UNKNOWN_REASON = "https://github.com/backtrader2/backtrader/issues/40"
REASONS_OF_TWO_KINDS = "https://github.com/ccxt/ccxt/issues/29932"
NOT_BACK_AFTER_MAINTENANCE = "https://github.com/freqtrade/freqtrade/issues/2889"
