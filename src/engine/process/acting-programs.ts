// Programs that send what they are told to: whose bytes they are is said by who runs them, not by what they are.
// A new one belongs here as soon as somebody has been seen to send with it. What was handed a connection acts for who made
// that, whether it is here or not (handed-on.ts): here is who connects by itself.

export type ActingKind =
  /** Moves what it is given to where it is told. */
  | 'transfer'
  /** Runs a program text. */
  | 'interpreter'
  | 'shell'
  /** Runs the program that its arguments name. */
  | 'wrapper'
  /** Copies what it reads: a socket that it writes to was handed to it. */
  | 'filter'

export type ActingProgram = {
  /** File name in lower case, without a version. */
  name: string
  kind: ActingKind
  /** Where it is known from. */
  source: string
}

const of = (kind: ActingKind, source: string, names: string): ActingProgram[] =>
  names.split(' ').map((name) => ({ name, kind, source }))

/** objective-see/LuLu, Extension/GrayList.m: what Apple ships and malware sends with. */
const LULU = 'LuLu GrayList.m'
/**
 * gtfobins.github.io, functions "upload", "reverse shell", "bind shell" and "command"; without those that send by their own
 * settings and not by who runs them (nginx, go, code).
 */
const GTFOBINS = 'GTFOBins'
/** attack.mitre.org, T1567.002 and T1048: tools of their procedure examples, and the stores' own clients. */
const ATTACK = 'ATT&CK T1567.002, T1048'
/** Interpreters and wrappers by their own manuals. */
const MANUALS = 'their manuals'
/** POSIX.1-2024, Utilities, and GNU coreutils: what writes its input to standard output. */
const POSIX = 'POSIX.1-2024, Utilities'

export const ACTING_PROGRAMS: readonly ActingProgram[] = [
  ...of('transfer', LULU, 'curl nc ssh scp sftp telnet ftp whois'),
  ...of('interpreter', LULU, 'python pythonw perl ruby php osascript tclsh'),
  ...of('shell', LULU, 'bash sh zsh ksh tcsh'),
  ...of(
    'transfer',
    GTFOBINS,
    'wget ncat netcat socat rsync lftp tftp openssl tar smbclient finger rlogin restic ab logger nslookup dig ' +
      'cancel lp hping3 kubectl sshfs tailscale socket',
  ),
  ...of(
    'interpreter',
    GTFOBINS,
    'awk gawk mawk nawk original-awk node nodejs lua expect wish jrunscript julia octave rscript gdb vim emacs ' +
      'jjs',
  ),
  ...of('shell', GTFOBINS, 'ash dash csh fish busybox'),
  ...of(
    'wrapper',
    GTFOBINS,
    'env sudo xargs timeout time nice ionice nohup setsid setarch stdbuf watch script screen tmux flock find ' +
      'strace ltrace taskset chroot unshare nsenter runuser',
  ),
  ...of(
    'transfer',
    ATTACK,
    'rclone git git-remote-http git-remote-https git-remote-ftp git-http-push git-send-email aws gsutil gcloud ' +
      'az azcopy mc s3cmd s5cmd b2 megacmd mega-put aria2c axel http https httpie sendmail msmtp mail mailx mutt ' +
      'ncftp ncftpput putty plink pscp psftp dbclient chisel croc',
  ),
  ...of(
    'interpreter',
    MANUALS,
    'java javaw deno bun qjs qjsc txiki tjs pwsh powershell swift swift-frontend jsc luajit luau texlua pypy graalpy ' +
      'micropython cperl raku rakudo jruby truffleruby mruby hhvm iojs nvim lldb groovy jython r dotnet mono ' +
      'mono-sgen wine ocaml racket guile sbcl escript jimsh goawk gdb-multiarch gvim rvim vimdiff',
  ),
  ...of(
    'shell',
    MANUALS,
    'mksh lksh oksh pdksh loksh rksh rbash rzsh posh hush yash bsd-csh elvish nu toybox',
  ),
  ...of(
    'wrapper',
    MANUALS,
    'doas setpriv arch caffeinate sandbox-exec parallel proxychains torsocks',
  ),
  // Run what their arguments name, which are not read (native/interpreters.json has none of them). Not Erlang's beam.smp, as
  // which services run that take connections: whatever it ran, all of theirs would be told as what they started.
  ...of('wrapper', MANUALS, 'gjs gjs-console cjs cjs-console tcc wine-preloader wine64-preloader'),
  ...of(
    'transfer',
    MANUALS,
    'nscurl openrsync bsdtar ssh-keysign autossh gh glab svn hg cvs fossil psql pg_dump mysql mysqldump mariadb ' +
      'mariadb-dump redis-cli mongosh',
  ),
  ...of(
    'filter',
    POSIX,
    'cat dd tee head tail sed cut tr od base64 base32 gzip pigz bzip2 xz zstd lz4 zip cpio pax gpg split pv ' +
      'sort uniq paste comm join nl fold expand unexpand pr fmt tac ptx tsort numfmt basenc grep egrep fgrep cp ' +
      'install iconv diff cmp ed m4 strings uuencode',
  ),
]

/**
 * Signing ids of which the name is not what stands behind `com.apple.`, with the name they have above. Source:
 * objective-see/LuLu, Extension/GrayList.m.
 */
export const ACTING_SIGNING_IDS: ReadonlyMap<string, string> = new Map([
  ['com.apple.openssh', 'ssh'],
  ['com.tcltk.tclsh', 'tclsh'],
  ['org.python.python', 'python'],
])
