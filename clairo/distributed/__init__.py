"""Ray Data mapping and DDP launch will live here; nothing below the sweep needs ray yet."""
