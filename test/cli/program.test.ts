import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { join } from 'node:path';
import { invoke } from './support/invoke.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'src/cli/main.ts');

describe('help', () => {
  for (const args of [['--help'], ['-h'], ['help'], ['help', 'help']]) {
    test(`wscontent ${args.join(' ')} lists the commands`, async () => {
      const { exitCode, stdout, stderr } = await invoke(args);
      assert.equal(exitCode, 0);
      assert.equal(stderr, '');
      for (const name of ['controller', 'run', 'validate', 'help']) {
        assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
      }
    });
  }

  const flags = {
    controller: [
      '--node-name NAME',
      '--data-root DIR',
      '--state-dir DIR',
      '--max-concurrent N',
      '--metrics-address HOST:PORT',
      '--log-level LEVEL',
    ],
    run: ['-f, --file FILE', '--data-root DIR', '--state-dir DIR', '-o, --output json'],
    validate: ['-f, --file FILE', '-o, --output json'],
  };
  for (const [name, names] of Object.entries(flags)) {
    for (const args of [
      ['help', name],
      [name, '--help'],
      [name, '-h'],
      [name, '-f', 'x', '--wrong', '--help'],
    ]) {
      test(`wscontent ${args.join(' ')} tells its usage, flags and examples`, async () => {
        const { exitCode, stdout, stderr } = await invoke(args);
        assert.equal(exitCode, 0);
        assert.equal(stderr, '');
        assert.match(stdout, new RegExp(`^Usage: wscontent ${name} `));
        assert.match(stdout, /^Examples:\n {2}/m);
        for (const flag of names) assert.ok(stdout.includes(flag), flag);
        for (const line of stdout.split('\nExamples:')[0]?.split('\n') ?? []) {
          assert.ok(line.length <= 80, `no line is longer than 80: ${line}`);
        }
      });
    }
  }

  test('each flag of the controller names its environment variable', async () => {
    const { stdout } = await invoke(['help', 'controller']);
    for (const flag of flags.controller) {
      const name = flag.slice(2).replace(/ .*/, '').replaceAll('-', '_').toUpperCase();
      assert.ok(stdout.includes(`WSCONTENT_${name}`), name);
    }
  });

  test('--version prints the version of package.json', async () => {
    const { exitCode, stdout } = await invoke(['--version']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('a wrong command line ends with 2 and says what is meant', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /^Usage: wscontent/m],
    ['validte', /^wscontent: unknown command validte; did you mean validate\?$/m],
    ['contorller', /did you mean controller\?$/m],
    ['help rnu', /^wscontent: unknown command rnu; did you mean run\?$/m],
    ['frobnicate', /^wscontent: unknown command frobnicate$/m],
    ['--versoin', /^wscontent: unknown flag --versoin; did you mean --version\?$/m],
    ['run', /^wscontent: -f FILE is missing$/m],
    ['run --fiel x', /^wscontent: unknown flag --fiel; did you mean --file\?$/m],
    ['run -f x --data-rot /a', /unknown flag --data-rot; did you mean --data-root\?$/m],
    ['run -f', /^wscontent: -f needs a value: -f FILE$/m],
    [
      'run -f x --data-root --state-dir',
      /^wscontent: --data-root needs a value: --data-root DIR$/m,
    ],
    ['run -f x --data-root data', /^wscontent: --data-root must be an absolute path, not "data"$/m],
    ['run -f x -o yaml', /^wscontent: -o must be json, not "yaml"$/m],
    ['run -f x -f y', /^wscontent: -f is given more than once$/m],
    ['run x.yaml', /^wscontent: unexpected argument "x\.yaml"; a file is given as -f x\.yaml$/m],
    ['validate -f x', /^wscontent: x: there is no such file$/m],
    ['validate -f /', /^wscontent: \/: is a directory, not a file$/m],
    [
      'controller --node-name n --max-concurrent many',
      /^wscontent: --max-concurrent must be a whole number from 1 to \d+, not "many"$/m,
    ],
    [
      'controller --node-name n --sandbox-memory 2G',
      /^wscontent: --sandbox-memory must be 64Mi or more, such as .* or 0 for no limit, not "2G"$/m,
    ],
    [
      'run -f x --sandbox-memory 1Mi',
      /^wscontent: --sandbox-memory must be 64Mi or more, .*, not "1Mi"$/m,
    ],
    [
      'run -f x --sandbox-pids 3',
      /^wscontent: --sandbox-pids must be a whole number from 32 to 1000000, or 0 for no limit, not "3"$/m,
    ],
    [
      'run -f x --sandbox-cpus half',
      /^wscontent: --sandbox-cpus must be a number of CPUs, such as 2 or 0.5, .*, not "half"$/m,
    ],
    [
      'run -f x --sandbox-network none',
      /^wscontent: --sandbox-network must be one of host, isolated, not "none"$/m,
    ],
    [
      'run -f x --sandbox-cidr 10.0.0.0/30',
      /^wscontent: --sandbox-cidr must be an IPv4 range with a prefix of 29 or less, .*"10.0.0.0\/30"$/m,
    ],
    [
      'run -f x --sandbox-deny-cidr 10.0.0.0/8,host',
      /^wscontent: --sandbox-deny-cidr must be addresses or ranges such as .*"10.0.0.0\/8,host"$/m,
    ],
    [
      'controller --node-name n --log-level loud',
      /^wscontent: --log-level must be one of .*info.*, not "loud"$/m,
    ],
    [
      'controller --node-name n --metrics-address here',
      /^wscontent: --metrics-address must be HOST:PORT/m,
    ],
    [
      'controller',
      /^wscontent: --node-name NAME is missing \(or the environment variable WSCONTENT_NODE_NAME\)$/m,
    ],
  ];
  for (const [line, message] of cases) {
    test(`wscontent ${line}`, async () => {
      const { exitCode, stdout, stderr } = await invoke(
        line.split(' ').filter((word) => word !== ''),
      );
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }

  test('a wrong environment variable is named', async () => {
    const env = { NODE_NAME: 'n', WSCONTENT_MAX_CONCURRENT: '0' };
    const { exitCode, stderr } = await invoke(['controller'], { env });
    assert.equal(exitCode, 2);
    assert.match(stderr, /^wscontent: WSCONTENT_MAX_CONCURRENT must be a whole number/);
  });
});

describe('as a program', () => {
  for (const args of ['--help', '--version', 'help run', 'validate -f deploy/samples/git.yaml']) {
    test(`wscontent ${args} does without the Kubernetes client`, async () => {
      const { stderr } = await execa(
        process.execPath,
        ['--import', import.meta.resolve('./support/log-imports.ts'), main, ...args.split(' ')],
        { cwd: root },
      );
      assert.match(stderr, /loads .*src\/cli\/program\.ts/);
      assert.doesNotMatch(stderr, /loads .*@kubernetes/);
      assert.doesNotMatch(stderr, /loads .*src\/controller\/main/);
    });
  }

  test('a reader that ends early is no error', async () => {
    const { stderr, exitCode } = await execa('sh', [
      '-c',
      `"${process.execPath}" "${main}" --help | true`,
    ]);
    assert.deepEqual({ stderr, exitCode }, { stderr: '', exitCode: 0 });
  });
});
