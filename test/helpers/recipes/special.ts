import { addBusybox, LayerTree } from '../layer-tree.ts';
import type { Recipe } from './recipe.ts';

const SCRIPT = `#!/bin/sh
echo "arguments: $*"
echo "greeting: $GREETING"
echo "directory: $(pwd)"
id
`;

/** A configuration that uses all its fields: user, groups, working directory, entry point, stop signal, labels. */
export function special(): Recipe {
  const tree = new LayerTree();
  addBusybox(tree);
  tree.file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:app:/srv/app:/bin/sh\n');
  tree.file('etc/group', 'root:x:0:\napp:x:2345:\nmedia:x:3456:app\n');
  tree.file('srv/app/entry', SCRIPT, { mode: 0o755, owner: 1234, group: 2345 });
  return {
    layers: [tree.archive()],
    config: {
      User: 'app',
      WorkingDir: '/srv/app',
      Entrypoint: ['/srv/app/entry'],
      Cmd: ['one', 'two words'],
      Env: ['PATH=/bin', 'GREETING=hi there'],
      StopSignal: 'SIGUSR1',
      Labels: { 'org.example.kind': 'special' },
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { '/data': {} },
    },
  };
}
