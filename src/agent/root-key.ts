// Policies by the root key of the moment: an agent that runs may enrol, or enrol again, with another, and starts not anew for it.
import { diskTrouble } from '../baseline/sqlite-file.ts'
import { StateFileError } from '../state-file.ts'
import { createPolicies, type Policies, type PoliciesOptions } from './policies.ts'

export type PoliciesByKey = Policies & {
  /**
   * The root key is this one from now on; undefined: nothing is taken. What another has signed holds no more. Where the file of what
   * was kept cannot be used all stays as it is, which is said, and the next call tries again.
   */
  trust(rootKey: string | undefined): void
}

/** As createPolicies. */
export function createPoliciesByKey(options: PoliciesOptions): PoliciesByKey {
  let { rootKey } = options
  let policies = createPolicies(options)
  let told = ''
  return {
    take: (push) => policies.take(push),
    refuseLarge: () => policies.refuseLarge(),
    pass: () => policies.pass(),
    report: () => policies.report(),
    status: () => policies.status(),
    standings: () => policies.standings(),
    countsLoopback: () => policies.countsLoopback(),
    hidesUserNames: () => policies.hidesUserNames(),
    trust(key) {
      if (key === rootKey) return
      try {
        policies = createPolicies({ ...options, rootKey: key })
        rootKey = key
        told = ''
      } catch (error) {
        if (!(error instanceof StateFileError) && diskTrouble(error) === undefined) throw error
        const { message } = error as Error
        // It comes with each connection.
        if (message !== told) options.tell(`the root key that came is not taken up: ${message}`)
        told = message
      }
    },
  }
}
