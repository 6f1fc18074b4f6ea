/* The names under which steps fail, from stages.def. */
#pragma once

enum stage {
#define STAGE(constant, name) STAGE_##constant,
#include "stages.def"
#undef STAGE
    STAGE_COUNT
};

const char *stage_name(enum stage stage);
