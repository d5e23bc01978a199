"""城市之眼: camera events over ONVIF notifications, and a camera platform to try it with."""
