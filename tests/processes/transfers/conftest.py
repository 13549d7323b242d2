from tests.integration.transfers.conftest import _own_files, exported, filled

__all__ = ["_own_files", "exported", "filled"]
