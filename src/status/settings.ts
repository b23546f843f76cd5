// Addresses of panes of macOS's System Settings. Apple documents none of them: docs/verify-on-a-mac.md says how
// to see whether they still open what they should.

export type SettingsPane = 'full-disk-access' | 'network-extension' | 'network-filter'

const FULL_DISK_ACCESS =
  'x-apple.systempreferences:com.apple.settings.PrivacySecurity.extension?Privacy_AllFiles'
/** Its filters are listed under "VPN & Filters", "Filters" before macOS 15. */
const NETWORK = 'x-apple.systempreferences:com.apple.Network-Settings.extension'
/** macOS 15 moved the approval of system extensions to General, Login Items & Extensions. */
const LOGIN_ITEMS = 'x-apple.systempreferences:com.apple.LoginItems-Settings.extension'
const PRIVACY_SECURITY =
  'x-apple.systempreferences:com.apple.settings.PrivacySecurity.extension?Security'

/** `osVersion` as macOS has it ("15.1"); what is no number is taken for a recent one. */
export function settingsUrl(pane: SettingsPane, osVersion = ''): string {
  if (pane === 'full-disk-access') return FULL_DISK_ACCESS
  if (pane === 'network-filter') return NETWORK
  return Number.parseInt(osVersion, 10) < 15 ? PRIVACY_SECURITY : LOGIN_ITEMS
}
