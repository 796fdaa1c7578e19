import { ContentError } from '../../api/errors.ts';
import type { Engine } from '../../controller/engine.ts';
import { readDaemonJournal, type Wanted } from './daemon-journal.ts';

/**
 * The engine of a run on a node whose daemon may be at work as well. Once the directory is locked the
 * daemon's journal is looked at again: it has all that the daemon did there before, and the daemon
 * begins nothing more there. Prepares only what is neither made, nor being made, by the daemon.
 */
export function besideDaemon(engine: Engine, stateDir: string): Engine {
  return {
    ...engine,
    async prepare(resource, ...more) {
      const [hostPath] = more;
      const prepared = await engine.prepare(resource, ...more);
      try {
        await assertNotTheDaemons(engine, stateDir, { uid: resource.uid, hostPath });
        return prepared;
      } catch (error) {
        await using held = prepared;
        await held.undo();
        throw error;
      }
    },
  };
}

async function assertNotTheDaemons(
  engine: Pick<Engine, 'isEmpty'>,
  stateDir: string,
  wanted: Wanted,
): Promise<void> {
  const history = await readDaemonJournal(stateDir, wanted);
  if (history === undefined) return;
  if (history !== 'unreadable') {
    throw new ContentError('PathInUse', "this node's daemon has begun to make this very content");
  }
  if (await engine.isEmpty(wanted.hostPath)) return;
  const message = `${wanted.hostPath} is not empty, and a part of what this node's daemon remembers in ${stateDir} cannot be read: the content may be one that it has made`;
  throw new ContentError('JournalUnreadable', message);
}
