mod fake;
mod storm;
