from .neon import NeonAdapter
from .supabase import SupabaseAdapter
from .vercel import VercelAdapter

__all__ = ["NeonAdapter", "SupabaseAdapter", "VercelAdapter"]
