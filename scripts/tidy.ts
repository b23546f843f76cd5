// What no compiler or linter looks for. Sentences with the line, so that a fault can be gone to.

/** Longest a source file may be: past this it holds more than one idea. A suite may list more cases. */
const LINES_MAX = 400
const SUITE_LINES_MAX = 500
const BYTES_MAX = 256 * 1024
const PICTURE_BYTES_MAX = 2 * 1024 * 1024

const GENERATED = /\.gen\.|^package-lock\.json$|^LICENSE$/
const PICTURE = /\.(png|svg|icns)$/
const CODE = /\.(ts|tsx|mjs|js|cc|c|h|mm|sh|css)$/

/** Patterns are spelt so that this file does not match itself. */
const REFUSED: readonly { pattern: RegExp; files: RegExp; why: string }[] = [
  {
    pattern: /\b(TO[D]O|FIX[M]E|XX[X])\b/,
    files: /./,
    why: 'is for the issue tracker, not for a file',
  },
  {
    pattern: /(?<![\w.-])\/(work|root)\/[\w.]|\/tmp\/(parts|sdk|k-)/,
    files: /./,
    why: 'is a path of one machine',
  },
  {
    pattern: /https?:\/\/[\w.-]*\b(registry|artifactory|nexus|verdaccio|mirrors?|proxy)\b/,
    files: /./,
    why: 'names a host that packages come from, and that is for whoever installs them to say',
  },
  {
    pattern: /\b(describe|context|it|specify)\.(only|skip)\(|\bx(it|describe|context)\(/,
    files: /^test\//,
    why: 'runs a part of the tests only; a test that cannot run here calls leaveOut(this, why)',
  },
  {
    pattern: /\bthis\.skip\(/,
    files: /^test\/(?!project\/left-out\.test\.ts$)/,
    why: 'leaves a test out without saying why: leaveOut(this, why)',
  },
  {
    // What a reason is made of: why...() of the two files that know, joined by ??.
    pattern:
      /\bleaveOut\((?!running\b)(?!this, (await )?why\w+\([^)]*\)( \?\? why\w+\([^)]*\))*\)$)/,
    files: /^test\/(?!project\/).*\.ts$/,
    why: 'has a reason of its own: scripts/tools.ts knows what this machine can, test/left-out.ts what it is',
  },
  {
    pattern: /['"]--version['"]|\bcommand -v\b|spawnSync\(['"]which['"]/,
    files: /^test\/(?!project\/)(?!cli\/commands).*\.ts$/,
    why: 'looks for a program by itself: scripts/tools.ts tries it',
  },
  {
    pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignor[e]|(eslint|oxlint)-disabl[e]/,
    files: /\.(ts|tsx|mjs|js)$/,
    why: 'silences a check: change the code, or the rule for all',
  },
  {
    pattern: /import\.meta\.url\)\.pathname/,
    files: /\.(ts|tsx|mjs)$/,
    why: 'is wrong in a folder with a space in its name: use fileURLToPath',
  },
  { pattern: /^registry\s*=/, files: /^\.npmrc$/, why: 'ties a clone to one registry' },
  { pattern: /\r$/, files: CODE, why: 'ends in a carriage return' },
]

/** Faults of one file; `path` from the project's root. */
export function tidyFaults(path: string, content: Buffer): string[] {
  if (PICTURE.test(path))
    return content.length > PICTURE_BYTES_MAX ? [`${path}: ${content.length} B for a picture`] : []
  if (GENERATED.test(path)) return []
  if (content.includes(0) && CODE.test(path)) return [`${path}: holds a zero byte`]
  const faults: string[] = []
  if (content.length > BYTES_MAX) faults.push(`${path}: ${content.length} B, at most ${BYTES_MAX}`)
  const lines = content.toString('utf8').split('\n')
  const linesMax = path.endsWith('.test.ts') ? SUITE_LINES_MAX : LINES_MAX
  if (CODE.test(path) && lines.length > linesMax)
    faults.push(`${path}: ${lines.length} lines, at most ${linesMax}: one idea a file`)
  lines.forEach((line, index) => {
    for (const { pattern, files, why } of REFUSED) {
      const found = files.test(path) ? pattern.exec(line) : null
      if (found) faults.push(`${path}:${index + 1}: ${JSON.stringify(found[0])} ${why}`)
    }
  })
  return faults
}
