// Documents that are no policies: agents refuse them, and editors are to say so.

export const REFUSED_DOCUMENTS: Record<string, object> = {
  'a field that does not exist': { includeLoopbak: true },
  "the wish for arguments, which is root's alone": { execArguments: true },
  'a form that it does not know': { schema: 2 },
  'a form that is no number': { schema: '1' },
  'a profile that does not exist': { profile: 'Quiet' },
  'a profile that objects have by nature': { profile: 'toString' },
  'a budget that is no number': { budgetPerHostDay: '0.1' },
  'a budget that tells nothing': { budgetPerHostDay: 0.009 },
  'a budget that tells everything': { budgetPerHostDay: 1.001 },
  'fewer new programs than none': { newProgramsPerDay: -1 },
  'more new programs than say anything': { newProgramsPerDay: 21 },
  'a network that is none': { externalNetworks: ['10.0.0.0/33'] },
  'a host that is none': { hostWhitelist: ['exa mple.org'] },
  'a list that is none': { hostWhitelist: 'example.org' },
  'a relative path': { parentProcessCheck: [{ parent: 'sh', program: '/bin/x' }] },
  'a star that would match nothing': {
    parentProcessCheck: [{ parent: '/opt/*/sh', program: '/bin/x' }],
  },
  'a field that a rule does not have': {
    parentProcessCheck: [{ parent: '/bin/sh', program: '/bin/x', until: '2027-01-01' }],
  },
  'an expected application that is none': { expectedApplications: ['dropbx'] },
  'expected applications that are no list': { expectedApplications: 'dropbox' },
  'a row of an expected application without a team': {
    expectedRows: [{ id: 'a', signingIds: ['a'], hosts: ['example.org'], bytesPerDayMax: 1 }],
  },
  'a row of an expected application that would name any host': {
    expectedRows: [
      { id: 'a', signingIds: ['a'], team: 'ABCDE12345', hosts: [], bytesPerDayMax: 1 },
    ],
  },
  'a pid that is none': { ownPids: [-1] },
  'more than it can hold': { ownPids: new Array(1_025).fill(1) },
}

/** What makes an exception for a host, with all that it has to have, one that refuses the whole policy. */
export const REFUSED_EXCEPTIONS: Record<string, object> = {
  'without an end': { until: undefined },
  'whose end is no moment': { until: '2026-13-24T18:00:00Z' },
  'whose end has no time': { until: '2026-12-24' },
  'whose end no year has': { until: '2027-02-30T00:00:00Z' },
  'without a volume': { bytesPerDayMax: undefined },
  'with a volume that is none': { bytesPerDayMax: -1 },
  'that names nothing': { host: undefined },
  'on a signing id alone, which anybody can sign as': { signingId: 'org.example.sync' },
  'on a signing id of any unsigned program': { signingId: 'org.example', signer: 'unsigned' },
  'with a signing id that is none': { signingId: '', team: 'ABCDE12345' },
  'with a port that is none': { port: 0 },
  'with a port beyond those there are': { port: 65_536 },
  'with a team that is none': { team: 'abcde12345' },
  'with a signer class that is none': { signer: 'apple' },
  'with a hash that is none': { hash: 'ab'.repeat(31) },
  'with a user that is none': { user: '' },
  'with a user number that is none': { user: -1 },
  'with a relative path': { program: 'probe' },
  'with a star that would match nothing': { parent: '/opt/*/sh' },
  'with a host that is none': { host: 'exa mple' },
  'with an owner that is no text': { owner: 3 },
  'with a field that does not exist': { unitl: '2027-01-01T00:00:00Z' },
}
