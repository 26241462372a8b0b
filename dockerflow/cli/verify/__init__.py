"""Is this a conforming Dockerflow container? A black box check, for an app in any language."""
