// What lies in a state directory is its owner's, also when root works on it: that user could have put a link to
// anything there.

export type Owner = { uid: number; gid: number }

/** Runs `work` as `owner` when this is root, and is root again after it. */
export function asOwner<T>({ uid, gid }: Owner, work: () => T): T {
  const { geteuid, seteuid, setegid, getgroups, setgroups } = process
  if (geteuid?.() !== 0 || uid === 0 || !seteuid || !setegid || !getgroups || !setgroups)
    return work()
  const groups = getgroups()
  setgroups([gid])
  setegid(gid)
  seteuid(uid)
  try {
    return work()
  } finally {
    seteuid(0)
    setegid(0)
    setgroups(groups)
  }
}
