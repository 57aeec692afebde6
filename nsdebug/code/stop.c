#include "nsdebug/code/stop.h"
void stop_serve(struct inside *in, void *arg)
{
}
