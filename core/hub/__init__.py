"""Files from the model hub, for every kind of model: plan, download, resume, check, remove.

Nothing is fetched but what a `HubModel` names, and those are listed by the rooms that load them:
`core/language/hub_models.py` and `core/enformer/official.py`.
"""

from core.hub.downloads import (
    DownloadPlan,
    HubStatus,
    download,
    hub_status,
    plan_download,
    remove_download,
    size_sentence,
    snapshot_folder,
    verify_snapshot,
)
from core.hub.models import HubModel

__all__ = [
    "DownloadPlan",
    "HubModel",
    "HubStatus",
    "download",
    "hub_status",
    "plan_download",
    "remove_download",
    "size_sentence",
    "snapshot_folder",
    "verify_snapshot",
]
