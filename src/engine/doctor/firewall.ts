import { findDamage } from '../networks/damage.ts';
import { foreignFirewall } from '../networks/foreign-firewall.ts';
import type { Context } from '../store/context.ts';
import type { Finding } from './finding.ts';
import { damageFindings } from './networks.ts';

/**
 * Returns findings about the state of the networks' links and firewall, and about what the firewalls of others deny.
 * Empty where they cannot be asked.
 */
export async function firewallFindings(context: Context): Promise<Finding[]> {
  try {
    return await lookAt(context);
  } catch {
    return [];
  }
}

async function lookAt(context: Context): Promise<Finding[]> {
  const blocking = (await foreignFirewall(context)).find(({ hook }) => hook === 'forward');
  const damage = await findDamage(context);
  return [
    !damage.isFlushed
      ? { topic: 'network', name: 'firewall rules', state: 'ok', detail: 'as they should be' }
      : {
          topic: 'network',
          name: 'firewall rules',
          state: 'limited',
          detail: 'flushed by somebody',
          cost: 'ports are not published, and networks do not lead out',
          remedy: 'the next command that shows networks makes them anew: skiff network ls',
        },
    ...damageFindings(damage),
    ...(blocking === undefined
      ? []
      : [
          {
            topic: 'network',
            name: 'forwarding',
            state: 'limited',
            detail: `denied by ${blocking.family} ${blocking.table} ${blocking.chain}`,
            cost: 'containers on bridges neither reach other hosts nor are reached by them',
            remedy: 'let that chain accept what comes from sk* and what goes there',
          } as const,
        ]),
  ];
}
