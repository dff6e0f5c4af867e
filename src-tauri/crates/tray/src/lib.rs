//! kinfra-tray
