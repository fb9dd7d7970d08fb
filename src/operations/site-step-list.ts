import { reaches } from '../core/stages.ts';
import type { RunningServices } from './running-services.ts';
import type { SiteStep } from './site-steps.ts';

/** What the whole site needs, in order. */
export const siteSteps = (services: RunningServices): readonly SiteStep[] => [
  {
    step: 'ramdisk',
    title: 'Ramdisk that discovers and deploys',
    neededFor: () => true,
    run: async (report, signal) => ({ hash: (await services.readyRamdisk(report, signal)).hash }),
  },
  {
    step: 'programs',
    title: 'Boot programs for Secure Boot, ARM64 and memtest',
    neededFor: () => true,
    run: async (report, signal) => ({ programs: await services.readyPrograms(report, signal) }),
  },
  {
    step: 'undercloud',
    title: 'Undercloud: Ironic',
    neededFor: (to) => reaches(to, 'undercloud'),
    run: async (report, signal) => ({ ...(await services.startUndercloud(report, signal)) }),
  },
  {
    step: 'images',
    title: 'Images',
    neededFor: (to) => reaches(to, 'deploy'),
    run: async (report, signal) => ({ images: await services.readyImages(report, signal) }),
  },
];
