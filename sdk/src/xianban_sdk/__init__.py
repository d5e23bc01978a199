"""The SDK every Xianban service and plugin is built on."""
