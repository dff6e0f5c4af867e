mod deciding;
mod fake;
mod offering;
mod storm;
