// What an exec record says of a script where the program runs none.
import { Script } from './record.gen.ts'

/** The fields of an exec record that tell of a script, when there is none. */
export const NO_SCRIPT = { script: '', scriptDev: 0n, scriptIno: 0n, scriptFrom: Script.none }

/** As the kernel tells of a script by its path alone; '' is none. */
export const kernelScript = (path: string) => ({
  ...NO_SCRIPT,
  script: path,
  scriptFrom: path === '' ? Script.none : Script.kernel,
})
