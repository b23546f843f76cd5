// Generated from record.def by scripts/generate.ts. Do not edit.
inline constexpr u32 kRecordLayout = 0xe8266b44u;
