//! The end of an X session, which many desktops tell their programs only by taking the display away.
//!
//! Theory of operation: Xlib calls a handler on each thread that finds its connection gone, the main one among them,
//! and never goes on after it. GDK's own handler ends the process on the spot, which would leave every service running.
//! This one takes its place: the first thread has the engine, whose threads need no display, stop everything.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tauri::AppHandle;
use x11_dl::xlib::{Display, Xlib};

use crate::exit;

static APP: OnceLock<AppHandle> = OnceLock::new();
static LOST: AtomicBool = AtomicBool::new(false);

/// To be called after GTK has opened its display, which sets GDK's handler. Does nothing where there is no X11.
pub fn survive_the_display(app: &AppHandle) {
    let Ok(xlib) = Xlib::open() else { return };
    if APP.set(app.clone()).is_ok() {
        // SAFETY: the handler is a function of this program, there for as long as it runs, and it never returns.
        // The library stays loaded by GTK when `xlib` goes.
        unsafe { (xlib.XSetIOErrorHandler)(Some(lost)) };
    }
}

unsafe extern "C" fn lost(_: *mut Display) -> c_int {
    if LOST.swap(true, Ordering::SeqCst) {
        loop {
            thread::park();
        }
    }
    let code = APP.get().map_or(1, |app| {
        tracing::warn!("the display is gone: quitting");
        exit::quit_and_wait(app)
    });
    // SAFETY: nothing of ours is left to be done, and what libraries do at an ordinary exit needs the display.
    unsafe { libc::_exit(code) }
}
