// Programs that say by what they are how whatever they start came to run. Names in lower case, and a Mac's signing ids.

/** Open what others have made and sent: ATT&CK T1204.002 (malicious file) and T1203 name these kinds. */
export const DOCUMENT_PROGRAMS: ReadonlySet<string> = new Set([
  ...['com.microsoft.word', 'com.microsoft.excel', 'com.microsoft.powerpoint'],
  ...['com.microsoft.outlook', 'com.apple.mail', 'com.apple.preview', 'com.apple.iwork.pages'],
  ...['com.apple.iwork.numbers', 'com.apple.iwork.keynote', 'com.adobe.reader'],
  ...['com.adobe.acrobat.pro', 'org.mozilla.thunderbird', 'org.libreoffice.script'],
  ...['soffice.bin', 'evince', 'okular', 'atril', 'xreader', 'thunderbird', 'thunderbird-bin'],
  ...['evolution', 'kmail', 'geary'],
])

/** Install for root what the system's own installers brought: their manuals. Believed as programs of the system alone. */
export const INSTALLERS: ReadonlySet<string> = new Set([
  ...['dpkg', 'apt', 'apt-get', 'aptd', 'unattended-upgr', 'unattended-upgrade', 'packagekitd'],
  ...['snapd', 'rpm', 'dnf', 'zypper', 'pacman', 'fwupd'],
  ...['com.apple.installer', 'com.apple.installd', 'com.apple.package_script_service'],
  ...['com.apple.softwareupdated', 'com.apple.appstoreagent', 'com.apple.storedownloadd'],
  ...['com.apple.mdmclient', 'com.apple.system_installd'],
])

/** sshd(8); since OpenSSH 9.8 the half that has the session is a program of its own. */
export const REMOTE_LOGINS: ReadonlySet<string> = new Set(['sshd', 'sshd-session', 'dropbear'])
