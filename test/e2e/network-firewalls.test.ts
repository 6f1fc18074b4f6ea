import { afterEach, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { CLIENT4, CLIENT6, HOST4, HOST6, ROUTER4, useInternet } from '../helpers/internet.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

const INPUT = `
table inet mine {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    meta l4proto ipv6-icmp accept
    ct state established,related accept
  }
}`;

const FORWARD = `
table inet mine {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
  }
}`;

/** Somebody else's table, beside that of skiff. */
function load(text: string): void {
  internet.host.namespace.run('sh', '-c', `nft -f - <<'END'\n${text}\nEND`);
}

const mine = () => internet.host.namespace.run('nft', 'list', 'table', 'inet', 'mine');

afterEach(async () => {
  await internet.clear();
  internet.host.namespace.run('sh', '-c', 'nft delete table inet mine || true');
});

describe('beside a firewall that drops what the host is sent', () => {
  it('published ports are open to others, which run says, and nothing of that firewall changes', async () => {
    load(INPUT);
    const before = mine();
    const said = await store.skiff(['run', '-d', '--name', 'web', '-p', '8080:80', busybox, 'sleep', '1000']);
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(/8080/);
    expect(said.stderr).toMatch(/firewall/);
    await internet.inhabit('web');
    expect(await internet.client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
    expect(await internet.client.ask(HOST4, 80)).toBe('silence');
    expect(await internet.host.ask('127.0.0.1', 8080)).toMatch(/^web saw /);
    expect(mine()).toBe(before);
  });

  it('a port of 127.0.0.1 is open to nobody else, and nothing is said of it', async () => {
    load(INPUT);
    const flags = ['-p', '127.0.0.1:8080:80'];
    const said = await store.skiff(['run', '-d', '--name', 'web', ...flags, busybox, 'sleep', '1000']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    await internet.inhabit('web');
    expect(await internet.host.ask('127.0.0.1', 8080)).toMatch(/^web saw /);
    expect(await internet.client.ask(HOST4, 8080)).toBe('silence');
  });

  it('a setting makes 127.0.0.1 the default', async () => {
    load(INPUT);
    const options = { env: { SKIFF_PUBLISH_ADDRESS: '127.0.0.1' } };
    const said = await store.skiff(
      ['run', '-d', '--name', 'web', '-p', '8080:80', busybox, 'sleep', '1000'],
      options,
    );
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(await store.ok(['port', 'web'])).toBe('80/tcp -> 127.0.0.1:8080');
    await internet.inhabit('web');
    expect(await internet.client.ask(HOST4, 8080)).toBe('silence');
  });

  it('containers reach each other and the world', async () => {
    load(INPUT);
    await store.ok(['network', 'create', '--ipv6', 'front']);
    const one = await internet.run('one', busybox, '--network', 'front');
    await internet.run('two', busybox, '--network', 'front');
    expect(await one.ask(await internet.address('two', 'front'))).toMatch(/^two saw /);
    expect(await one.ask(await internet.address('two', 'front', 6))).toMatch(/^two saw /);
    expect(await one.ask(ROUTER4)).toBe(`router saw ${HOST4}`);
    await internet.clear();
    await store.ok(['network', 'rm', 'front']);
  });
});

describe('beside a firewall that forwards nothing', () => {
  it('the host itself reaches published ports; what would be forwarded is dropped, as that firewall wants it', async () => {
    load(FORWARD);
    const web = await internet.run('web', busybox, '-p', '8080:80');
    expect(await internet.host.ask('127.0.0.1', 8080)).toMatch(/^web saw /);
    expect(await internet.host.ask(HOST4, 8080)).toMatch(/^web saw /);
    expect(await internet.client.ask(HOST4, 8080)).toBe('silence');
    expect(await internet.client.ask(HOST6, 8080)).not.toBe(`web saw ${CLIENT6}`);
    expect(await web.ask(ROUTER4)).toBe('silence');
    expect(mine()).toContain('policy drop');
  });

  it('doctor says so', async () => {
    load(FORWARD);
    await internet.run('web', busybox, '-p', '8080:80');
    expect((await store.skiff(['doctor'])).stdout).toMatch(/forward/);
  });
});
