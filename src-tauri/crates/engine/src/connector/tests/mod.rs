mod download;
mod judge;
