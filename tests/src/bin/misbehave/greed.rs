//! Using much of what there is.

use std::fs::File;
use std::hint::black_box;
use std::io::{Error, Result};

/// One core, all the time.
pub fn burn() -> ! {
    let mut number: u64 = 1;
    loop {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Memory that is really there: each page is written to.
pub fn hold(mebibytes: usize) -> Result<Vec<u8>> {
    let bytes = mebibytes.checked_mul(1 << 20).ok_or_else(|| Error::other("that is too much"))?;
    let mut held = vec![0; bytes];
    for page in held.chunks_mut(4096) {
        page[0] = 1;
    }
    Ok(black_box(held))
}

pub fn open(descriptors: usize) -> Result<Vec<File>> {
    (0..descriptors).map(|_| File::open("/dev/null")).collect()
}
