// Applications that send much by their nature, as a policy may accept them: who they are, where they send and how much a day at
// the most. Nothing of it holds until a team accepts it. Each row stands on public documents, which it names: one that says who
// signs it, one that says where it sends. What no document says is not here, and nor is an application that sends wherever its
// user says (FTP clients, sync to a server of one's own): of that a domain would say nothing.

export type ExpectedKind = 'backup' | 'sync' | 'update' | 'telemetry' | 'file-transfer'

/** What identifies it, and its bounds: what a capture keeps of it. */
export type ExpectedRow = {
  id: string
  /** Any of these, signed by the team: its processes that send. */
  signingIds: readonly string[]
  team: string
  /** Domains, each with all under it. */
  hosts: readonly string[]
  /** Of all its processes, to all of its hosts. */
  bytesPerDayMax: number
}

export type ExpectedApplication = ExpectedRow & {
  kind: ExpectedKind
  /** A sentence: what it is and what it sends. */
  text: string
  sources: { identity: readonly string[]; hosts: readonly string[] }
}

const MB = 1_000_000
const GB = 1_000 * MB

/**
 * A choice in the open, measured nowhere: above what a busy day of such an application comes to, below what is to be carried off
 * unseen. Who knows theirs writes an exception.
 */
export const DAY_BYTES: Record<ExpectedKind, number> = {
  backup: 50 * GB,
  sync: 20 * GB,
  'file-transfer': 2 * GB,
  telemetry: 500 * MB,
  update: 100 * MB,
}

const AUTOPKG = 'https://github.com/autopkg'
const INSTALLOMATOR =
  'https://github.com/Installomator/Installomator/blob/71741a856ca9b1c25a805e1252e2458da5a00b1a/fragments/labels'
const CASKS = 'https://github.com/Homebrew/homebrew-cask/blob'
const INTUNE =
  'https://github.com/microsoft/shell-intune-samples/blob/cf5e452e8e733ab4f550757bac02105bf47e36a3/macOS/Custom%20Profiles'
const PPPC =
  'https://github.com/rtrouton/privacy_preferences_control_profiles/blob/ac31346584efdd71e48d06bfce20688be7433bed'
const EUC =
  'https://github.com/vmware-samples/euc-samples/blob/ed0ec61768478b5ca0ff581243b3e40e096c0246/UEM-Samples'
const EUC_PPPC =
  'https://github.com/vmware-samples/euc-samples/blob/2999c451cbadd13d1342492243996e4dbeac786c/macOS-Samples/Privacy%20Preferences%20Policy%20Control/README.md'
const ENDPOINTS_365 =
  'https://github.com/MicrosoftDocs/microsoft-365-docs/blob/02a494f5d6d222f3ee607a2b60f5a6cbacd2e2cf/microsoft-365/includes/office-365-worldwide-endpoints.md'

type Given = Omit<ExpectedApplication, 'bytesPerDayMax'>

const GIVEN: readonly Given[] = [
  {
    id: 'box-drive',
    kind: 'sync',
    text: 'Box Drive sends what its user puts into the Box folder.',
    signingIds: ['com.box.desktop'],
    team: 'M683GB7CPW',
    hosts: ['box.com', 'box.net', 'boxcloud.com'],
    sources: {
      identity: [
        `${INSTALLOMATOR}/boxdrive.sh`,
        `${CASKS}/041cc140b84ea7bb3db7eccacfc1280b7be472a9/Casks/b/box-drive.rb`,
      ],
      hosts: [
        'https://support.box.com/hc/en-us/articles/360043696434-Configuring-A-Firewall-For-Box-Applications-and-Services',
      ],
    },
  },
  {
    id: 'crowdstrike-falcon',
    kind: 'telemetry',
    text: 'The sensor of CrowdStrike Falcon reports what the machine does.',
    signingIds: ['com.crowdstrike.falcon.Agent'],
    team: 'X9E956P446',
    hosts: ['cloudsink.net'],
    sources: {
      identity: [`${EUC}/Apps/macOS/CrowdStrike%20Falcon/README.md`],
      hosts: ['https://docs.actzero.ai/endpoints/crowdstrike/agent-prereqs'],
    },
  },
  {
    id: 'dropbox',
    kind: 'sync',
    text: 'Dropbox sends what its user puts into the Dropbox folder.',
    signingIds: ['com.getdropbox.dropbox'],
    team: 'G7HH3F8CAK',
    hosts: ['dropbox.com', 'dropboxapi.com'],
    sources: {
      identity: [
        `${AUTOPKG}/recipes/blob/04191671ac09b68667351b615b4eecd11b6de8c8/Dropbox/Dropbox.download.recipe`,
      ],
      hosts: ['https://help.dropbox.com/security/official-domains'],
    },
  },
  {
    id: 'druva-insync',
    kind: 'backup',
    text: 'Druva inSync backs the machine up.',
    signingIds: ['com.druva.inSync'],
    team: 'JN6HK3RMAP',
    hosts: ['druva.com'],
    sources: {
      identity: [EUC_PPPC, `${INSTALLOMATOR}/druvainsync.sh`],
      hosts: [
        'https://docs.druva.com/Knowledge_Base/inSync/FAQs_and_Reference_Reads/Druva_inSync_%3A_Fundamental_prerequisites',
      ],
    },
  },
  {
    id: 'egnyte',
    kind: 'sync',
    text: 'The desktop app of Egnyte sends what its user puts on its drive.',
    signingIds: ['com.egnyte.DesktopApp', 'com.egnyte.Egnyte-Drive'],
    team: 'FELUD555VC',
    hosts: ['egnyte.com'],
    sources: {
      identity: [
        `${AUTOPKG}/dataJAR-recipes/blob/b7d5b774ba6185c40c56698667c42ac6c4b68ace/Egnyte%20Desktop%20App%20Core/Egnyte%20Desktop%20App%20Core.download.recipe`,
        `${AUTOPKG}/moofit-recipes/blob/4d27550f65811b8846fd5c1c64faa683a9b11416/Egnyte/EgnyteConnect.download.recipe`,
      ],
      hosts: [
        'https://helpdesk.egnyte.com/hc/en-us/articles/115000097531-Device-Entitlement-for-the-Desktop-App-and-Desktop-Sync',
      ],
    },
  },
  {
    id: 'firefox-telemetry',
    kind: 'telemetry',
    text: 'Firefox tells Mozilla how it is used; what its user sends elsewhere is not meant.',
    signingIds: ['org.mozilla.firefox'],
    team: '43AQ936H96',
    hosts: ['incoming.telemetry.mozilla.org'],
    sources: {
      identity: [
        `${INSTALLOMATOR}/firefox.sh`,
        `${CASKS}/01eb38ecc04a39c15f03c8ebcf9ccb811bdc57a0/Casks/f/firefox.rb`,
      ],
      hosts: [
        'https://mozilla.github.io/glean.js/variables/core_constants.DEFAULT_TELEMETRY_ENDPOINT.html',
      ],
    },
  },
  {
    id: 'google-drive',
    kind: 'sync',
    text: 'Google Drive for desktop sends what its user puts on its drive.',
    signingIds: ['com.google.drivefs'],
    team: 'EQHXZ8M8AV',
    hosts: [
      'drive.google.com',
      'docs.google.com',
      'drive.usercontent.google.com',
      'clients6.google.com',
      'www.googleapis.com',
    ],
    sources: {
      identity: [
        `${INSTALLOMATOR}/googledrive.sh`,
        `${CASKS}/0053a498fc9ab8a353540916dc874f3d51198de2/Casks/g/google-drive.rb`,
      ],
      hosts: [
        'https://knowledge.workspace.google.com/admin/drive/drive-and-sites-firewall-and-proxy-settings',
      ],
    },
  },
  {
    id: 'google-updater',
    kind: 'update',
    text: 'The updater of Chrome and other programs of Google asks for updates and reports crashes.',
    signingIds: ['com.google.GoogleUpdater', 'com.google.Keystone'],
    team: 'EQHXZ8M8AV',
    hosts: ['update.googleapis.com', 'clients2.google.com', 'm.google.com'],
    sources: {
      identity: [
        'https://github.com/chromium/chromium/blob/014ce716f91d9c223e043606d2982ff47bfaa983/chrome/updater/branding.gni',
      ],
      hosts: [
        'https://github.com/chromium/chromium/blob/014ce716f91d9c223e043606d2982ff47bfaa983/chrome/updater/branding.gni',
      ],
    },
  },
  {
    id: 'jamf-pro',
    kind: 'telemetry',
    text: 'The agent of Jamf Pro sends the machine’s inventory to a server that Jamf hosts.',
    signingIds: ['com.jamf.management.Jamf', 'com.jamfsoftware.jamf', 'com.jamfsoftware.jamfAgent'],
    team: '483DWKW443',
    hosts: ['jamfcloud.com'],
    sources: {
      identity: [
        `${PPPC}/Privacy%20Settings%20Whitelist%20-%20Jamf%20Filesystem/Unsigned/Jamf_All_Files_v1.mobileconfig`,
      ],
      hosts: [
        'https://learn.jamf.com/r/en-US/technical-articles/Network_Ports_Used_by_Jamf_Pro',
        'https://learn.jamf.com/r/en-US/jamf-protect-documentation/Block_Policy_Controls',
      ],
    },
  },
  {
    id: 'microsoft-autoupdate',
    kind: 'update',
    text: 'Microsoft AutoUpdate fetches updates of Office.',
    signingIds: ['com.microsoft.autoupdate2'],
    team: 'UBF8T346G9',
    hosts: ['officecdn.microsoft.com', 'officecdnmac.microsoft.com'],
    sources: {
      identity: [
        `${PPPC}/Privacy%20Settings%20Whitelist%20-%20Microsoft/Microsoft%20AutoUpdate/Unsigned/Microsoft_AutoUpdate_Management_v1.mobileconfig`,
      ],
      hosts: [
        'https://support.office.com/nb-no/article/Nettverkforesp%C3%B8rsler-i-Office-2016-for-Mac-afdae969-4046-44b9-9adb-f1bab216414b',
        'https://gist.github.com/t0rr3sp3dr0/f43af225a8fb0c6c5ee42f2184b30506',
      ],
    },
  },
  {
    id: 'microsoft-defender',
    kind: 'telemetry',
    text: 'Microsoft Defender for Endpoint reports what the machine does, and samples of files.',
    signingIds: ['com.microsoft.wdav', 'com.microsoft.wdav.epsext', 'com.microsoft.wdav.netext'],
    team: 'UBF8T346G9',
    hosts: ['endpoint.security.microsoft.com', 'events.data.microsoft.com'],
    sources: {
      identity: [
        'https://github.com/microsoft/mdatp-xplat/blob/68dc5339bb27ce49adababa94cece1318ab56a8e/macos/mobileconfig/profiles/fulldisk.mobileconfig',
        'https://github.com/microsoft/mdatp-xplat/blob/68dc5339bb27ce49adababa94cece1318ab56a8e/macos/mobileconfig/combined/mdatp.mobileconfig',
      ],
      hosts: [
        'https://learn.microsoft.com/en-in/defender-endpoint/configure-device-connectivity',
        ENDPOINTS_365,
      ],
    },
  },
  {
    id: 'microsoft-intune',
    kind: 'telemetry',
    text: 'The agent of Microsoft Intune sends the machine’s inventory and what scripts put out.',
    signingIds: ['com.microsoft.intuneMDMAgent'],
    team: 'UBF8T346G9',
    hosts: ['manage.microsoft.com'],
    sources: {
      identity: [
        `${INTUNE}/Microsoft%20Intune%20Agent/Microsoft%20Intune%20Agent%20-%20System%20Events%20Access.mobileconfig`,
      ],
      hosts: [
        'https://github.com/MicrosoftDocs/memdocs/blob/00ef4d4f7f7403ee25e4e70727eccb1c39c23680/memdocs/intune/fundamentals/intune-endpoints.md',
      ],
    },
  },
  {
    id: 'onedrive',
    kind: 'sync',
    text: 'OneDrive sends what its user puts into its folders, to SharePoint of whichever organisation.',
    signingIds: ['com.microsoft.OneDrive'],
    team: 'UBF8T346G9',
    hosts: [
      'sharepoint.com',
      'onedrive.com',
      'onedrive.live.com',
      'storage.live.com',
      'livefilestore.com',
      'files.1drv.com',
    ],
    sources: {
      identity: [
        `${INTUNE}/Microsoft%20OneDrive/Full%20Disk%20Access/Microsoft%20OneDrive%20-%20Full%20Disk%20Access.mobileconfig`,
      ],
      hosts: [
        'https://github.com/MicrosoftDocs/OfficeDocs-SharePoint/blob/29c9d9877cf31649b27b25abe619c7dc6451192f/SharePoint/SharePointOnline/required-urls-and-ports.md',
        ENDPOINTS_365,
      ],
    },
  },
  {
    id: 'qualys-cloud-agent',
    kind: 'telemetry',
    text: 'The agent of Qualys sends what software the machine has.',
    signingIds: ['com.qualys.cloud-agent'],
    team: 'CLRUMG7LZ6',
    hosts: ['apps.qualys.com'],
    sources: {
      identity: [
        `${INTUNE}/Qualys/Full%20Disk%20Access/Qualys%20-%20Full%20Disk%20Access.mobileconfig`,
      ],
      hosts: ['https://docs.qualys.com/en/ca/latest/agents/cdn_resources.htm'],
    },
  },
  {
    id: 'slack',
    kind: 'file-transfer',
    text: 'Slack sends files that its user gives to others.',
    signingIds: ['com.tinyspeck.slackmacgap', 'com.tinyspeck.slackmacgap.helper'],
    team: 'BQR82RBBHL',
    hosts: ['slack.com', 'slack-files.com', 'slack-edge.com'],
    sources: {
      identity: [
        'https://github.com/sepehr/dotfiles-macos/blob/e378a3590167fe4386fb587e2ac82f0b7c0f20d8/conf/app/littlesnitch/littlesnitch-export.xpl',
        `${INSTALLOMATOR}/slack.sh`,
      ],
      hosts: ['https://community.zscaler.com/t/allow-specific-slack-workspace/4963'],
    },
  },
  {
    id: 'zoom',
    kind: 'file-transfer',
    text: 'Zoom sends recordings and files of chats; pictures and sound of calls go to addresses, which are not meant.',
    signingIds: ['us.zoom.xos'],
    team: 'BJ4HAAB9B3',
    hosts: ['zoom.us', 'zoom.com'],
    sources: {
      identity: [EUC_PPPC, `${INSTALLOMATOR}/zoom.sh`],
      hosts: ['https://support.zoom.com/hc/ja/article?id=zm_kb&sysparm_article=KB0060561'],
    },
  },
]

/** By id. */
export const EXPECTED: readonly ExpectedApplication[] = GIVEN.map((row) => ({
  ...row,
  bytesPerDayMax: DAY_BYTES[row.kind],
}))
