"""Where everything is: solved from scene, state and viewport, without painting anything."""
