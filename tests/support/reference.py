"""What the later edition of the gateway's API reference says of the requests that are no venue's business."""

from typing import Any

REFERENCE: dict[str, dict[str, Any]] = {
    "GetAllowance": {"account": "account1", "route": "route1", "token": "product1", "venue": "venue1"},
    "SetAllowance": {
        "account": "account1",
        "route": "route1",
        "amount": "100",
        "token": "product1",
        "venue": "venue1",
    },
    "GetOrderTransaction": {"order_ids": ["order_1", "order_2"]},
    "EstimateOrderParams": {"order": {"target": "tp1"}},
    "GetEVMAttempts": {"transaction": "txn_1234"},
    "EstimateEVMRetryParams": {"transaction": "txn_1234"},
    "RetryEVMTransaction": {"transaction": "txn_1234", "gas": 50000, "gas_price": [20, 30]},
    "ListSecrets": {},
    "AddSecret": {"secret_key": "my_secret_key", "value": [1, 2, 3]},
    "DeleteSecret": {"secret_key": "my_secret_key"},
    "GetPathmap": {},
}
"""Each of them with the reference's fields and examples, and with names that the catalogue `reference` knows."""
