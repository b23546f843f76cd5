// The executable `freshet`: every command. What its folder or its files keep it from is said in a sentence.
import { NativeModuleError } from '../native-module.ts'
import { EXIT_CONFIG } from '../sense/exit.ts'

try {
  await import('../cli.ts')
} catch (error) {
  if (!(error instanceof NativeModuleError)) throw error
  process.stderr.write(`freshet: ${error.message}\n`)
  process.exit(EXIT_CONFIG)
}
