use resilience_runtime::retry;

#[retry]
async fn f(text: &mut String) -> std::io::Result<&mut str> {
//~ { | two closures require unique access to `*text` at the same time
    Ok(text.as_mut_str())
}

struct Client(String);

impl Client {
    #[retry]
    async fn of_self(&mut self) -> std::io::Result<&str> {
    //~ { | two closures require unique access to `*self` at the same time
        self.0.push('!');
        Ok(&self.0)
    }
}

fn main() {}
