#ifndef NSDEBUG_CODE_STOP_H
#define NSDEBUG_CODE_STOP_H
struct inside;
void stop_serve(struct inside *in, void *arg);
#endif
