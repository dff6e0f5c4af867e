use crate::store::ClaimKey;

/// FNV-1a, 64 bits, over the fields of the key, each ended by a NUL. Fixed for ever: ports follow from it.
#[must_use]
pub fn hash(key: &ClaimKey) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let replica = key.replica.to_string();
    let fields = [&*key.instance, &*key.node, &*replica, &*key.name, key.protocol.word()];
    let bytes = fields.iter().flat_map(|field| field.bytes().chain([0]));
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
