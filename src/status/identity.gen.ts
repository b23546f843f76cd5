// Generated from pkg/identity.json by scripts/generate.ts. Do not edit.
// Where macOS has the parts of Freshet.
export const APP_PATH = '/Applications/Freshet.app'
/** In the app. */
export const FILTER_PATH = 'Contents/Library/SystemExtensions/org.freshet.app.filter.systemextension'
/** Label of the daemon's launchd job, and the file that declares it. */
export const DAEMON_JOB = 'org.freshet.daemon'
export const DAEMON_JOB_PATH = '/Library/LaunchDaemons/org.freshet.daemon.plist'
